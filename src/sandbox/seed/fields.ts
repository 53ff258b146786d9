import { stageNames, subPipelineNames } from "./pipelines.ts";

// Each line: `api name | label | type length | flags | options or lookup target`. An empty label is the name with spaces.

function commonFields(singular: string): string {
  return `
Owner | ${singular} Owner | ownerlookup
Created_By | | ownerlookup | system
Modified_By | | ownerlookup | system
Created_Time | | datetime | system
Modified_Time | | datetime | system
Last_Activity_Time | | datetime | system
Tag | | tag 2000`;
}

export const contactFields = `
First_Name | | text 40
Last_Name | | text 80 | mandatory
Account_Name | Company Name | lookup | | Accounts
Email | | email 100 | unique
Title | | text 100
Phone | | phone 50
Home_Phone | | phone 30
Mobile | | phone 30
Full_Name | | text | system display
Mailing_Street | | text 250
Mailing_City | | text 100
Mailing_State | | text 100
Mailing_Zip | | text 30
Mailing_Country | | text 100
Description | | textarea 32000
Email_Opt_Out | | boolean 5
Record_Image | Contact Image | profileimage 255 | unsearchable
Unsubscribed_Mode | | picklist | system | Consent form, Manual, Unsubscribe link, Zoho campaigns
Unsubscribed_Time | | datetime | system
Record_Creation_Source_ID__s | Record Creation Source ID | bigint 19 | system
Lead_Score | | integer 9 | custom
${commonFields("Contact")}`;

export const accountFields = `
Account_Name | Company Name | text 200 | mandatory unique display
Phone | | phone 30
Website | | website 450
Billing_Street | | text 250
Billing_City | | text 100
Billing_State | | text 100
Billing_Code | | text 30
Billing_Country | | text 100
Description | | textarea 32000
Record_Image | Company Image | profileimage 255 | unsearchable
Industry_Segment | | picklist | custom | Manufacturing, Logistics, Healthcare, Retail, Technology, Food & Beverage, Professional Services, Construction
${commonFields("Company")}`;

export const pipelineFields = `
Deal_Name | | text 120 | mandatory display
Sub_Pipeline | | picklist | mandatory unsearchable | ${subPipelineNames.join(", ")}
Stage | | picklist | mandatory | ${stageNames.join(", ")}
Pipeline | | layout 19 | unsearchable
Closing_Date | | date 20
Amount | | currency 16
Contact_Name | | lookup | | Contacts
Account_Name | Company Name | lookup | | Accounts
Secondary_Contacts | | multiselectlookup | unsearchable | Contacts
Associated_Products | | subform | unsearchable | Associated_Products
Description | | textarea 32000
Competitor | | text 120 | custom
Contract_Signed | | boolean 5 | custom
Record_Creation_Source_ID__s | Record Creation Source ID | bigint 19 | system
${commonFields("Deal")}`;

export const productFields = `
Product_Name | | text 200 | mandatory unique display
Product_Code | | text 100
Product_Category | | picklist | | Hardware, Software, Services, Support, Test
Product_Active | | boolean 5 | initial
Unit_Price | | currency 16
Description | | textarea 32000
Record_Image | Product Image | profileimage 255 | unsearchable
${commonFields("Product")}`;

function activityFields(singular: string): string {
  return `
Who_Id | Contact Name | lookup | | Contacts
What_Id | Related To | lookup | | *
Description | | textarea 32000
${commonFields(singular)}`;
}

export const taskFields = `
Subject | | text 300 | mandatory display
Due_Date | | date 20
Priority | | picklist | | High, Highest, Low, Lowest, Normal
Status | | picklist | initial | Not Started, Deferred, In Progress, Completed, Waiting on someone else
Closed_Time | | datetime | system
Remind_At | | json | unsearchable
Recurring_Activity | | json | unsearchable
Send_Notification_Email | | boolean 5
${activityFields("Task")}`;

export const eventFields = `
Event_Title | Title | text 255 | mandatory display
Start_DateTime | From | datetime | mandatory
End_DateTime | To | datetime | mandatory
All_day | All day | boolean 5
Venue | Location | text 255
Participants | | json | unsearchable
Remind_At | | json | unsearchable
Recurring_Activity | | json | unsearchable
${activityFields("Event")}`;

export const callFields = `
Subject | | text 255 | mandatory display
Call_Type | | picklist | mandatory | Inbound, Outbound, Missed
Call_Start_Time | | datetime | mandatory
Call_Duration | | text 30 | mandatory
Call_Duration_in_seconds | Call Duration (in seconds) | integer 9 | system
Call_Purpose | | picklist | | Prospecting, Administrative, Negotiation, Demo, Project, Desk
Call_Agenda | | text 255
Call_Status | | text 120 | system
Call_Result | | picklist | | Interested, Not interested, No response/Busy, Requested more info, Requested call back, Invalid number
Caller_ID | | text 120
Dialled_Number | | text 120
Reminder | | text 120
Outgoing_Call_Status | | picklist | | Completed, Scheduled, Overdue, Cancelled
${activityFields("Call")}`;

export const noteFields = `
Note_Title | | text 120 | display
Note_Content | | textarea 32000 | mandatory
Parent_Id | | lookup | mandatory | *
Owner | Note Owner | ownerlookup
Created_By | | ownerlookup | system
Modified_By | | ownerlookup | system
Created_Time | | datetime | system
Modified_Time | | datetime | system`;

export const attachmentFields = `
File_Name | | text 120 | system display
Size | | text 20 | system
Parent_Id | | lookup | system | *
Owner | Attachment Owner | ownerlookup | system
Created_By | | ownerlookup | system
Created_Time | | datetime | system
Modified_By | | ownerlookup | system
Modified_Time | | datetime | system`;

export const associatedProductFields = `
Product | Product Name | lookup | mandatory display | Products
Quantity | | double 16
List_Price | | currency 16
Discount | | currency 16
Total | | currency 16 | system
Parent_Id | Deal | lookup | system | Pipelines`;

export const serviceContractFields = `
Name | Contract Name | text 120 | mandatory display
Account_Name | Company Name | lookup | | Accounts
Contract_Value | | currency 16
Renewal_Date | | date 20
Status | | picklist | | Active, Expired, Draft
Description | | textarea 32000
Owner | Service Contract Owner | ownerlookup
Created_By | | ownerlookup | system
Modified_By | | ownerlookup | system
Created_Time | | datetime | system
Modified_Time | | datetime | system`;
