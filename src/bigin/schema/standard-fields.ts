/**
 * The fields of Bigin's own modules (docs/reference/bigin-api.md §2.3), for connections that are not granted the
 * metadata. A line is `API name | label | type, and length if known | flags > module of a lookup`. The options of
 * picklists are not known, because each organisation defines its own.
 */
const common = `
Owner | Owner | ownerlookup
Created_By | Created By | ownerlookup | system
Modified_By | Modified By | ownerlookup | system
Created_Time | Created Time | datetime | system
Modified_Time | Modified Time | datetime | system`;

const activity = `
Who_Id | Contact Name | lookup | > Contacts
What_Id | Related To | lookup
Description | Description | textarea`;

export const standardFields: Readonly<Record<string, string>> = {
  Contacts: `
First_Name | First Name | text 40
Last_Name | Last Name | text 80 | mandatory
Full_Name | Full Name | text | system display
Account_Name | Company Name | lookup | > Accounts
Email | Email | email 100 | unique
Title | Title | text 100
Phone | Phone | phone 50
Home_Phone | Home Phone | phone 30
Mobile | Mobile | phone 30
Mailing_Street | Mailing Street | text 250
Mailing_City | Mailing City | text 100
Mailing_State | Mailing State | text 100
Mailing_Zip | Mailing Zip | text 30
Mailing_Country | Mailing Country | text 100
Description | Description | textarea 32000
Email_Opt_Out | Email Opt Out | boolean
Unsubscribed_Mode | Unsubscribed Mode | picklist | system
Unsubscribed_Time | Unsubscribed Time | datetime | system
Record_Image | Contact Image | profileimage | unsearchable
Last_Activity_Time | Last Activity Time | datetime | system
Tag | Tag | tag
${common}`,
  Accounts: `
Account_Name | Company Name | text | mandatory unique display
Phone | Phone | phone
Website | Website | website
Billing_Street | Billing Street | text
Billing_City | Billing City | text
Billing_State | Billing State | text
Billing_Code | Billing Code | text
Billing_Country | Billing Country | text
Description | Description | textarea
Record_Image | Company Image | profileimage | unsearchable
Last_Activity_Time | Last Activity Time | datetime | system
Tag | Tag | tag
${common}`,
  Pipelines: `
Deal_Name | Deal Name | text | mandatory display
Sub_Pipeline | Sub-Pipeline | picklist | mandatory unsearchable
Stage | Stage | picklist | mandatory
Pipeline | Team Pipeline | layout | unsearchable
Closing_Date | Closing Date | date
Amount | Amount | currency
Contact_Name | Contact Name | lookup | > Contacts
Account_Name | Company Name | lookup | > Accounts
Secondary_Contacts | Secondary Contacts | multiselectlookup | unsearchable > Contacts
Associated_Products | Associated Products | subform | unsearchable
Description | Description | textarea
Last_Activity_Time | Last Activity Time | datetime | system
Tag | Tag | tag
${common}`,
  Products: `
Product_Name | Product Name | text | mandatory unique display
Product_Code | Product Code | text
Product_Category | Product Category | picklist
Product_Active | Product Active | boolean
Unit_Price | Unit Price | currency
Description | Description | textarea
Record_Image | Product Image | profileimage | unsearchable
Last_Activity_Time | Last Activity Time | datetime | system
Tag | Tag | tag
${common}`,
  Tasks: `
Subject | Subject | text | mandatory display
Due_Date | Due Date | date
Priority | Priority | picklist
Status | Status | picklist
Closed_Time | Closed Time | datetime | system
${activity}
Tag | Tag | tag
${common}`,
  Events: `
Event_Title | Title | text | mandatory display
Start_DateTime | From | datetime | mandatory
End_DateTime | To | datetime | mandatory
All_day | All day | boolean
Venue | Location | text
${activity}
Tag | Tag | tag
${common}`,
  Calls: `
Subject | Subject | text | mandatory display
Call_Type | Call Type | picklist | mandatory
Call_Start_Time | Call Start Time | datetime | mandatory
Call_Duration | Call Duration | text
Call_Agenda | Call Agenda | text
${activity}
Tag | Tag | tag
${common}`,
  Attachments: `
File_Name | File Name | text | display
Size | Size | text
Parent_Id | Parent | lookup | system
${common}`,
  Notes: `
Note_Title | Note Title | text | display
Note_Content | Note Content | textarea | mandatory
Parent_Id | Parent | lookup | mandatory
$se_module | Parent Module | text | unsearchable
${common}`,
};
